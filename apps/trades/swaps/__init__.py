"""Item for item, with a cash top-up, between two members: bargained like an offer, held and shipped both ways."""
