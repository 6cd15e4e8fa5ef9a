"""The cart: copies of many sellers kept until checkout, and the choice of offers that costs least delivered."""
