-- What a camera wrote into a sealed picture: pairs of name and text, as JSON. It goes with the exhibit.
ALTER TABLE exhibits ADD COLUMN exif TEXT;
