"""Makes training pictures whose truth is known: cards, scenes, wear and light."""
