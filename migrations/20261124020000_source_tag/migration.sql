-- What a host calls the content of a slide's file when it was registered; null for files of this machine.
ALTER TABLE slide_image ADD COLUMN source_tag text;
