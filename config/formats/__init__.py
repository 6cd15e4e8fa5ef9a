"""How dates read where a page names no format of its own, as in the moderators' tables; by language."""
