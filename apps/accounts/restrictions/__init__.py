"""What moderators keep a member from for a time: listing, bargaining, buying. Who decides and why is reports' room."""
