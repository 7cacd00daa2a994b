-- What an administrator allowed somebody to be at most. Where a provider's groups say what people work as, they never say more.
ALTER TABLE people ADD COLUMN allowed TEXT;
