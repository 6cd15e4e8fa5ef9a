"""The rooms of CardVault; docs/architecture.md says who may import whom."""
