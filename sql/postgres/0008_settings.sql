-- It was never read: COUNTRY_NAME, a setting of Ponte, says which country leads carry.

delete from ponte_settings where name = 'home_country_name';
