"""Search is kept by the database: a product's words and number are worked out whenever it or its release changes."""

from django.db import migrations

FUNCTIONS = r"""
create function catalog_words(given text) returns text language sql stable parallel safe as $$
    select trim(regexp_replace(lower(unaccent(coalesce(given, ''))), '[^[:alnum:]]+', ' ', 'g'))
$$;
comment on function catalog_words is 'Words as search compares them: lower case, no accents, one blank between.';

create function catalog_unpadded(given text) returns text language sql immutable parallel safe as $$
    select regexp_replace(given, '(^|[^0-9])0+([0-9])', '\1\2', 'g')
$$;
comment on function catalog_unpadded is 'Without leading zeros in any run of digits: sv01 is sv1.';

create function catalog_number_key(given text) returns text language sql stable parallel safe as $$
    select replace(catalog_unpadded(catalog_words(given)), ' ', '-')
$$;
comment on function catalog_number_key is 'A number as compared: OP01-016_p1 is op1-16-p1, 004 is 4.';

create function catalog_number_sort(given text) returns integer language sql immutable parallel safe as $$
    select coalesce(left(substring(split_part(given, '_', 1) from '([0-9]+)[^0-9]*$'), 9)::integer, 0)
$$;

create function catalog_finish_words(finish text) returns text language sql immutable parallel safe as $$
    select case finish when 'first-edition' then '1st first edition' when 'first-edition-holofoil' then '1st first edition holofoil'
           else replace(finish, '-', ' ') end
$$;

create function catalog_search_of(
    product_id uuid, name text, number text, names jsonb, rarity text, artist text, release_id uuid, category_id bigint)
returns tsvector language sql stable as $$
    select setweight(to_tsvector('simple', catalog_words(name)), 'A')
        || setweight(to_tsvector('simple', concat_ws(' ', catalog_words(number), catalog_unpadded(catalog_words(number)),
                     replace(catalog_words(number), ' ', ''))), 'A')
        || setweight(to_tsvector('simple', (
               select concat_ws(' ', catalog_words(r.name), catalog_words(r.code), catalog_unpadded(catalog_words(r.code)),
                      catalog_words(r.abbreviation), catalog_words(r.series)) from catalog_release r where r.id = release_id)), 'B')
        || setweight(to_tsvector('simple', catalog_words((
               select string_agg(value, ' ') from jsonb_each_text(names)))), 'C')
        || setweight(to_tsvector('simple', catalog_words(concat_ws(' ', rarity, artist,
               (select c.name from catalog_category c where c.id = category_id),
               (select string_agg(distinct catalog_finish_words(v.finish) || ' ' || v.treatment, ' ')
                from catalog_variant v where v.product_id = catalog_search_of.product_id and v.finish <> 'normal' or
                     v.product_id = catalog_search_of.product_id and v.treatment <> '')))), 'D')
$$;

create function catalog_product_words() returns trigger language plpgsql as $$
begin
    new.number_key := left(catalog_number_key(new.number), 40);
    new.number_sort := catalog_number_sort(new.number);
    new.search := catalog_search_of(
        new.id, new.name, new.number, new.names, new.rarity, new.artist, new.release_id, new.category_id);
    return new;
end $$;
create trigger product_words before insert or update of name, number, names, rarity, artist, release_id, search
    on catalog_product for each row execute function catalog_product_words();

create function catalog_release_words() returns trigger language plpgsql as $$
begin
    update catalog_product set search = null where release_id = new.id;
    return null;
end $$;
create trigger release_words after update of name, code, abbreviation, series on catalog_release for each row
    when ((old.name, old.code, old.abbreviation, old.series) is distinct from (new.name, new.code, new.abbreviation, new.series))
    execute function catalog_release_words();

create function catalog_variant_words() returns trigger language plpgsql as $$
begin
    update catalog_product set search = null
    where id in (select product_id from changed where finish <> 'normal' or treatment <> '');
    return null;
end $$;
create trigger variant_words_added after insert on catalog_variant referencing new table as changed
    for each statement execute function catalog_variant_words();
create trigger variant_words_gone after delete on catalog_variant referencing old table as changed
    for each statement execute function catalog_variant_words();
"""

UNDO = """
drop trigger variant_words_gone on catalog_variant;
drop trigger variant_words_added on catalog_variant;
drop function catalog_variant_words;
drop trigger release_words on catalog_release;
drop trigger product_words on catalog_product;
drop function catalog_release_words;
drop function catalog_product_words;
drop function catalog_search_of;
drop function catalog_finish_words;
drop function catalog_number_sort;
drop function catalog_number_key;
drop function catalog_unpadded;
drop function catalog_words;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
