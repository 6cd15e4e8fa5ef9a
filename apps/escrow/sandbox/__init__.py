"""A stand-in for the payment company: the part of Stripe's HTTP API that CardVault uses, with its own books.

It is another company as far as the product is concerned: it shares no code, settings or database with it, and is
reached only over HTTP (`python -m apps.escrow.sandbox`) or, in unit tests, through `client.SandboxHTTPClient`.
No real money, card or person is ever involved.
"""
