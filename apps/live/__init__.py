"""Live pages: streams, pushing after commit, replay of what was missed, presence, and the websocket."""
