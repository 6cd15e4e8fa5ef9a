"""Listings that members watch: to be told of price drops and of their being sold."""
