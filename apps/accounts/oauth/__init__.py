"""Apps of others that act for members (OAuth 2): registering them, consent, tokens, and taking it back."""
