"""One module per kind of object: its shape, endpoints and rules. Importing a module enters it in routes.ROUTES."""
