"""Cards that members keep at the payment processor for their next purchase. We know brand, last four digits and expiry."""
