"""The API's reference, read out of an OpenAPI document."""

from apps.core.reference import reference

SCHEMA = {
    "paths": {
        "/api/v1/things": {
            "get": {
                "operationId": "things_list",
                "tags": ["things"],
                "description": "All things.\n\nNewest first.",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "security": [{"bearer": []}, {}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
                },
            },
            "post": {
                "operationId": "things_create",
                "tags": ["things"],
                "description": "Make one.",
                "security": [{"bearer": []}],
                "requestBody": {"content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"201": {"description": "Made"}},
            },
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "wear": {"allOf": [{"$ref": "#/components/schemas/Wear"}], "description": "how worn"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
            "Wear": {"enum": ["NM", "LP", ""]},
        }
    },
}


def test_operations_are_grouped_by_what_they_are_about():
    (group,) = reference(SCHEMA)
    assert group.name == "things"
    assert [(each.method, each.path) for each in group.operations] == [
        ("GET", "/api/v1/things"),
        ("POST", "/api/v1/things"),
    ]


def test_the_first_paragraph_is_the_summary():
    listing, _ = reference(SCHEMA)[0].operations
    assert (listing.summary, listing.about) == ("All things.", "Newest first.")


def test_an_operation_that_also_works_without_sign_in_says_so():
    listing, making = reference(SCHEMA)[0].operations
    assert (listing.needs_sign_in, making.needs_sign_in) == (False, True)


def test_fields_are_named_with_their_types_in_words():
    _, making = reference(SCHEMA)[0].operations
    assert [(each.name, each.kind, each.is_required, each.about) for each in making.body] == [
        ("id", "string (uuid)", True, ""),
        ("wear", "one of NM, LP", False, "how worn"),
        ("tags", "list of string", False, ""),
    ]
    assert making.is_upload


def test_an_empty_document_has_no_groups():
    assert reference({}) == []
