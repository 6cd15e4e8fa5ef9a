"""Settings: base.py is production's posture; development.py and test.py loosen it explicitly."""
