"""Reports of listings, members and reviews: made by members, decided by moderators, appealed once by who is reported."""
