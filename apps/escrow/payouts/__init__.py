"""How sellers come to their money: the stages of opening a payout account, and payouts to their bank."""
