"""Where a member is signed in: devices and programs, what is told of them, and ending them."""
