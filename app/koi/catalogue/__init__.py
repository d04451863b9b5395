"""Provider rows, aliases, facts about models, prices: data that others read."""
