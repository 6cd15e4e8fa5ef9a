"""One module per kind of object: its shape, its endpoints and its rules. Importing a module enters it in routes.ROUTES."""
