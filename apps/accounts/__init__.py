"""Members: who they are and how programs act for them."""
