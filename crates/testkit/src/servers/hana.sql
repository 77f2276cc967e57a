-- SAP HANA catalog emulation for PostgreSQL (tests only).
-- The connector quotes every name of the catalog ("SYS"."TABLES"), which HANA takes as well. A row of _EMU_COLUMN_TYPE
-- lets a column claim a type of HANA's that PostgreSQL lacks.
CREATE SCHEMA IF NOT EXISTS "SYS";
CREATE TABLE IF NOT EXISTS "SYS"."_EMU_COLUMN_TYPE"(s text, t text, c text, type text, len int, scale int, primary key (s,t,c));
CREATE OR REPLACE VIEW "SYS"."DUMMY"("DUMMY") AS SELECT 'X'::varchar(1);
CREATE OR REPLACE VIEW "SYS"."M_DATABASE"("SYSTEM_ID","DATABASE_NAME","HOST","START_TIME","VERSION","USAGE") AS
  SELECT 'EMU'::varchar(3), upper(current_database())::varchar(256), '127.0.0.1'::varchar(256), pg_postmaster_start_time()::timestamp, '2.00.079.00.0000000000'::varchar(32), 'TEST'::varchar(16);
CREATE OR REPLACE FUNCTION "SYS"._is_user_schema(n name) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT n !~ '^(pg_|information_schema$|SYS$)' $$;
CREATE OR REPLACE FUNCTION "SYS"._rows(s name, t name) RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I.%I', s, t), false, true, '')))[1]::text::bigint $$;
CREATE OR REPLACE VIEW "SYS"."SCHEMAS"("SCHEMA_NAME","SCHEMA_OWNER","HAS_PRIVILEGES","CREATE_TIME") AS
  SELECT n.nspname::varchar(256), pg_get_userbyid(n.nspowner)::varchar(256),
         CASE WHEN has_schema_privilege(n.oid,'USAGE') THEN 'TRUE' ELSE 'FALSE' END::varchar(5), pg_postmaster_start_time()::timestamp
  FROM pg_namespace n WHERE "SYS"._is_user_schema(n.nspname) OR n.nspname='SYS';
CREATE OR REPLACE VIEW "SYS"."TABLES"("SCHEMA_NAME","TABLE_NAME","TABLE_OID","COMMENTS","FIXED_PART_SIZE","IS_LOGGED","IS_SYSTEM_TABLE","IS_COLUMN_TABLE","TABLE_TYPE","IS_INSERT_ONLY","IS_TEMPORARY","TEMPORARY_TABLE_TYPE","IS_USER_DEFINED_TYPE","HAS_PRIMARY_KEY","IS_PUBLIC","CREATE_TIME") AS
  SELECT n.nspname::varchar(256), c.relname::varchar(256), c.oid::bigint, obj_description(c.oid,'pg_class')::varchar(5000), 0,
         CASE c.relpersistence WHEN 'u' THEN 'FALSE' ELSE 'TRUE' END::varchar(5), 'FALSE'::varchar(5), 'TRUE'::varchar(5),
         CASE c.relkind WHEN 'f' THEN 'VIRTUAL' ELSE 'COLUMN' END::varchar(16), 'FALSE'::varchar(5),
         CASE c.relpersistence WHEN 't' THEN 'TRUE' ELSE 'FALSE' END::varchar(5), 'NONE'::varchar(6), 'FALSE'::varchar(5),
         CASE WHEN EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid=c.oid AND i.indisprimary) THEN 'TRUE' ELSE 'FALSE' END::varchar(5),
         'FALSE'::varchar(5), pg_postmaster_start_time()::timestamp
  FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace
  WHERE c.relkind IN ('r','p','f') AND NOT c.relispartition AND "SYS"._is_user_schema(n.nspname) AND has_table_privilege(c.oid,'SELECT');
CREATE OR REPLACE VIEW "SYS"."VIEWS"("SCHEMA_NAME","VIEW_NAME","VIEW_OID","COMMENTS","DEFINITION","IS_COLUMN_VIEW","VIEW_TYPE","HAS_STRUCTURED_PRIVILEGE_CHECK","HAS_PARAMETERS","IS_VALID","CREATE_TIME") AS
  SELECT n.nspname::varchar(256), c.relname::varchar(256), c.oid::bigint, obj_description(c.oid,'pg_class')::varchar(5000), pg_get_viewdef(c.oid)::text,
         'FALSE'::varchar(5), 'ROW'::varchar(16), 'FALSE'::varchar(5), 'FALSE'::varchar(5), 'TRUE'::varchar(5), pg_postmaster_start_time()::timestamp
  FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE c.relkind IN ('v','m') AND "SYS"._is_user_schema(n.nspname) AND has_table_privilege(c.oid,'SELECT');
CREATE OR REPLACE VIEW "SYS"._columns AS
  SELECT n.nspname::varchar(256) AS s, c.relname::varchar(256) AS t, c.oid::bigint AS toid, c.relkind AS k, a.attname::varchar(256) AS col,
    row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)::int AS pos,
    coalesce(e.type, CASE bt.typname WHEN 'int2' THEN 'SMALLINT' WHEN 'int4' THEN 'INTEGER' WHEN 'int8' THEN 'BIGINT' WHEN 'numeric' THEN 'DECIMAL'
      WHEN 'float4' THEN 'REAL' WHEN 'float8' THEN 'DOUBLE' WHEN 'bool' THEN 'BOOLEAN' WHEN 'bpchar' THEN 'NCHAR' WHEN 'varchar' THEN 'NVARCHAR' WHEN 'name' THEN 'NVARCHAR'
      WHEN 'text' THEN 'NCLOB' WHEN 'json' THEN 'NCLOB' WHEN 'jsonb' THEN 'NCLOB' WHEN 'bytea' THEN 'BLOB' WHEN 'uuid' THEN 'VARBINARY'
      WHEN 'date' THEN 'DATE' WHEN 'time' THEN 'TIME' WHEN 'timestamp' THEN 'TIMESTAMP' WHEN 'timestamptz' THEN 'TIMESTAMP' ELSE 'NVARCHAR' END)::varchar(16) AS ty,
    coalesce(e.len, CASE bt.typname WHEN 'int2' THEN 5 WHEN 'int4' THEN 10 WHEN 'int8' THEN 19 WHEN 'numeric' THEN coalesce(information_schema._pg_numeric_precision(bt.oid, a.atttypmod),34)
      WHEN 'float4' THEN 7 WHEN 'float8' THEN 15 WHEN 'bool' THEN 1 WHEN 'bpchar' THEN coalesce(nullif(a.atttypmod,-1)-4,1) WHEN 'varchar' THEN coalesce(nullif(a.atttypmod,-1)-4,5000)
      WHEN 'text' THEN 2147483647 WHEN 'json' THEN 2147483647 WHEN 'jsonb' THEN 2147483647 WHEN 'bytea' THEN 2147483647 WHEN 'uuid' THEN 16 WHEN 'date' THEN 10 WHEN 'time' THEN 8
      WHEN 'timestamp' THEN 27 WHEN 'timestamptz' THEN 27 ELSE 5000 END)::int AS len,
    coalesce(e.scale, CASE bt.typname WHEN 'numeric' THEN information_schema._pg_numeric_scale(bt.oid, a.atttypmod) WHEN 'int2' THEN 0 WHEN 'int4' THEN 0 WHEN 'int8' THEN 0 WHEN 'timestamp' THEN 7 END)::int AS sc,
    CASE WHEN a.attnotnull THEN 'FALSE' ELSE 'TRUE' END::varchar(5) AS nullable, pg_get_expr(d.adbin,d.adrelid)::varchar(5000) AS def,
    col_description(c.oid,a.attnum)::varchar(5000) AS com
  FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped
  JOIN pg_type ty ON ty.oid=a.atttypid JOIN pg_type bt ON bt.oid=CASE WHEN ty.typtype='d' THEN ty.typbasetype ELSE ty.oid END
  LEFT JOIN pg_attrdef d ON d.adrelid=c.oid AND d.adnum=a.attnum LEFT JOIN "SYS"."_EMU_COLUMN_TYPE" e ON e.s=n.nspname AND e.t=c.relname AND e.c=a.attname
  WHERE c.relkind IN ('r','p','f','v','m') AND NOT c.relispartition AND "SYS"._is_user_schema(n.nspname) AND has_table_privilege(c.oid,'SELECT');
CREATE OR REPLACE VIEW "SYS"."TABLE_COLUMNS"("SCHEMA_NAME","TABLE_NAME","TABLE_OID","COLUMN_NAME","POSITION","DATA_TYPE_NAME","LENGTH","SCALE","IS_NULLABLE","DEFAULT_VALUE","COMMENTS","GENERATION_TYPE","GENERATED_ALWAYS_AS","COLUMN_ID") AS
  SELECT s,t,toid,col,pos,ty,len,sc,nullable,def,com,NULL::varchar(24),NULL::varchar(5000),(toid*10000+pos)::bigint FROM "SYS"._columns WHERE k IN ('r','p','f');
CREATE OR REPLACE VIEW "SYS"."VIEW_COLUMNS"("SCHEMA_NAME","VIEW_NAME","VIEW_OID","COLUMN_NAME","POSITION","DATA_TYPE_NAME","LENGTH","SCALE","IS_NULLABLE","DEFAULT_VALUE","COMMENTS","GENERATION_TYPE","GENERATED_ALWAYS_AS") AS
  SELECT s,t,toid,col,pos,ty,len,sc,nullable,def,com,NULL::varchar(24),NULL::varchar(5000) FROM "SYS"._columns WHERE k IN ('v','m');
CREATE OR REPLACE VIEW "SYS"."M_TABLES"("HOST","PORT","SCHEMA_NAME","TABLE_NAME","RECORD_COUNT","TABLE_SIZE","TABLE_TYPE") AS
  SELECT '127.0.0.1'::varchar(64), 30003, "SCHEMA_NAME","TABLE_NAME","SYS"._rows("SCHEMA_NAME","TABLE_NAME"), pg_total_relation_size("TABLE_OID"::oid), "TABLE_TYPE" FROM "SYS"."TABLES" WHERE "TABLE_TYPE"<>'VIRTUAL';
CREATE OR REPLACE VIEW "SYS"."CONSTRAINTS"("SCHEMA_NAME","TABLE_NAME","TABLE_OID","COLUMN_NAME","POSITION","CONSTRAINT_NAME","IS_PRIMARY_KEY","IS_UNIQUE_KEY","CHECK_CONDITION") AS
  SELECT n.nspname::varchar(256), c.relname::varchar(256), c.oid::bigint, a.attname::varchar(256), k.ord::int, con.conname::varchar(256),
    CASE con.contype WHEN 'p' THEN 'TRUE' ELSE 'FALSE' END::varchar(5), CASE WHEN con.contype IN ('p','u') THEN 'TRUE' ELSE 'FALSE' END::varchar(5),
    CASE con.contype WHEN 'c' THEN pg_get_constraintdef(con.oid) END::varchar(5000)
  FROM pg_constraint con JOIN pg_class c ON c.oid=con.conrelid JOIN pg_namespace n ON n.oid=c.relnamespace
  CROSS JOIN LATERAL unnest(con.conkey) WITH ORDINALITY k(att,ord) JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum=k.att
  WHERE con.contype IN ('p','u','c') AND "SYS"._is_user_schema(n.nspname);
CREATE OR REPLACE VIEW "SYS"."REFERENTIAL_CONSTRAINTS"("SCHEMA_NAME","TABLE_NAME","COLUMN_NAME","POSITION","CONSTRAINT_NAME","REFERENCED_SCHEMA_NAME","REFERENCED_TABLE_NAME","REFERENCED_COLUMN_NAME","REFERENCED_CONSTRAINT_NAME","UPDATE_RULE","DELETE_RULE") AS
  SELECT n.nspname::varchar(256), c.relname::varchar(256), a.attname::varchar(256), k.ord::int, con.conname::varchar(256), fn.nspname::varchar(256), f.relname::varchar(256), fa.attname::varchar(256), ''::varchar(256),
    CASE con.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'RESTRICT' END::varchar(11), CASE con.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'RESTRICT' END::varchar(11)
  FROM pg_constraint con JOIN pg_class c ON c.oid=con.conrelid JOIN pg_namespace n ON n.oid=c.relnamespace JOIN pg_class f ON f.oid=con.confrelid JOIN pg_namespace fn ON fn.oid=f.relnamespace
  CROSS JOIN LATERAL unnest(con.conkey,con.confkey) WITH ORDINALITY k(att,fatt,ord) JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum=k.att JOIN pg_attribute fa ON fa.attrelid=f.oid AND fa.attnum=k.fatt
  WHERE con.contype='f' AND "SYS"._is_user_schema(n.nspname);
-- HANA functions the connector may call, unquoted (both fold/resolve): keep in public, found through search_path
CREATE OR REPLACE FUNCTION public.rand() RETURNS float8 LANGUAGE sql VOLATILE AS 'select random()';
CREATE OR REPLACE FUNCTION public.to_nvarchar(anyelement) RETURNS varchar LANGUAGE sql IMMUTABLE AS 'select $1::text::varchar';
CREATE OR REPLACE FUNCTION public.ifnull(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'select coalesce($1,$2)';
CREATE OR REPLACE FUNCTION public.to_binary(varchar) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ select convert_to($1, 'UTF8') $$;
CREATE OR REPLACE VIEW "SYS"."M_TABLE_STATISTICS"("SCHEMA_NAME","TABLE_NAME","INSERT_COUNT","UPDATE_COUNT","DELETE_COUNT","LAST_MODIFY_TIME") AS
  SELECT schemaname::varchar(256), relname::varchar(256), n_tup_ins, n_tup_upd, n_tup_del, timestamp '2024-01-31 10:00:00' FROM pg_stat_user_tables WHERE "SYS"._is_user_schema(schemaname);
GRANT USAGE ON SCHEMA "SYS" TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA "SYS" TO PUBLIC;
