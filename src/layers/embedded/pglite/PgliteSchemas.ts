/**
 * How databases in memory share one PGlite: each key has schemas of its own. Those of the key whose turn it is have their
 * names, `public` too. Those of all others are renamed to `pg_temp_skein KEY NAME`, which `information_schema` takes for
 * somebody else's temporary schema and does not list. Temporary tables live in one schema for all: they are renamed one
 * by one.
 *
 * Not kept apart, as within one server: roles, large objects, event triggers, publications; schemas and temporary tables
 * of more than 40 letters, before which no prefix fits.
 */

/** Hides the objects of the key `was` and shows those of `now`; an empty key has none. Not inside a transaction. */
export const change = (was: string, now: string): string =>
  `select pg_catalog.skein_change(${prefix(was)}, ${prefix(now)})`

/** Drops the objects of a key, which must be hidden. */
export const drop = (key: string): string => `select pg_catalog.skein_drop(${prefix(key)})`

const prefix = (key: string): string => key === "" ? "''" : `'pg_temp_skein ${key.replaceAll("'", "''")} '`

/** Makes the functions; done once, when the database starts. They are in `pg_catalog`, among three thousand others. */
export const preparation = `
set allow_system_table_mods = on;

create function pg_catalog.skein_objects(out kind text, out place text, out name text) returns setof record
language sql as $$
  select 'schema', '', nspname::text from pg_namespace
  where nspname like 'pg\\_temp\\_skein %' or nspname !~ '^pg_' and nspname <> 'information_schema'
  union all
  select case relkind when 'i' then 'index' when 'S' then 'sequence' when 'v' then 'view' else 'table' end, 'pg_temp.', relname::text
  from pg_class where relnamespace = pg_my_temp_schema() and relkind in ('r', 'p', 'i', 'I', 'S', 'v')
$$;

create function pg_catalog.skein_change(was text, now text) returns void
language plpgsql set allow_system_table_mods = on as $$
declare found record;
begin
  for found in select * from pg_catalog.skein_objects() where not starts_with(name, 'pg_temp_skein ') and length(was || name) < 64 loop
    execute format('alter %s %s%I rename to %I', found.kind, found.place, found.name, was || found.name);
  end loop;
  if now = '' then return; end if;
  for found in select * from pg_catalog.skein_objects() where starts_with(name, now) loop
    execute format('alter %s %s%I rename to %I', found.kind, found.place, found.name, substr(found.name, length(now) + 1));
  end loop;
  if to_regnamespace('public') is null then
    create schema public;
    grant usage on schema public to public;
  end if;
end $$;

create function pg_catalog.skein_drop(key text) returns void
language plpgsql set allow_system_table_mods = on as $$
declare found record;
begin
  for found in select * from pg_catalog.skein_objects() where starts_with(name, key) and kind <> 'index' loop
    execute format('drop %s if exists %s%I cascade', found.kind, found.place, found.name);
  end loop;
end $$;

drop schema public;
reset allow_system_table_mods;
`
