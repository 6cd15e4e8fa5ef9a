"""How a member stands as a seller: the published formula, and the row that other rooms show. What feeds it is of trades."""
