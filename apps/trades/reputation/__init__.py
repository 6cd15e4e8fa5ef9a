"""Reviews after a trade, and the sellers' standing that they and the trades make. The formula is accounts'."""
