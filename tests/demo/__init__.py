"""The demo: its facts, drawings, photographs, and the loading of it all."""
