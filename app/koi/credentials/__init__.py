"""Where credentials come from, which model that means, and what a provider needs to be used."""
