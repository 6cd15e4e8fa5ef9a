"""Every route of the product with who may use it, a module for each room; tests/test_routes.py asks them all."""
