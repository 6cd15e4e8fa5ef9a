"""Identifying by strategy: what a category declares (vision, barcode, text) runs on a photo, and the answers are fused."""
