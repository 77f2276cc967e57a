-- The views of `sys` as tables, with the columns that the connector reads.
CREATE TABLE "sys.schemas" (schema_id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO "sys.schemas" VALUES (1, 'dbo');
CREATE TABLE "sys.objects" (object_id INTEGER PRIMARY KEY, name TEXT, schema_id INTEGER, type TEXT COLLATE RTRIM, is_ms_shipped INTEGER);
CREATE TABLE "sys.types" (name TEXT, system_type_id INTEGER, user_type_id INTEGER);
INSERT INTO "sys.types" VALUES
    ('image', 34, 34), ('text', 35, 35), ('uniqueidentifier', 36, 36), ('date', 40, 40), ('time', 41, 41),
    ('datetime2', 42, 42), ('datetimeoffset', 43, 43), ('tinyint', 48, 48), ('smallint', 52, 52), ('int', 56, 56),
    ('smalldatetime', 58, 58), ('real', 59, 59), ('money', 60, 60), ('datetime', 61, 61), ('float', 62, 62),
    ('sql_variant', 98, 98), ('ntext', 99, 99), ('bit', 104, 104), ('decimal', 106, 106), ('numeric', 108, 108),
    ('smallmoney', 122, 122), ('bigint', 127, 127), ('hierarchyid', 240, 128), ('geometry', 240, 129),
    ('geography', 240, 130), ('varbinary', 165, 165), ('varchar', 167, 167), ('binary', 173, 173), ('char', 175, 175),
    ('timestamp', 189, 189), ('nvarchar', 231, 231), ('nchar', 239, 239), ('xml', 241, 241), ('sysname', 231, 256);
CREATE TABLE "sys.columns" (object_id INTEGER, name TEXT, column_id INTEGER, system_type_id INTEGER, user_type_id INTEGER,
    max_length INTEGER, precision INTEGER, scale INTEGER, collation_name TEXT, is_nullable INTEGER, is_masked INTEGER,
    encryption_type INTEGER, graph_type INTEGER, declared TEXT);
CREATE TABLE "sys.indexes" (object_id INTEGER, index_id INTEGER, name TEXT, is_primary_key INTEGER, is_unique INTEGER,
    has_filter INTEGER, is_disabled INTEGER, data_space_id INTEGER);
CREATE TABLE "sys.index_columns" (object_id INTEGER, index_id INTEGER, column_id INTEGER, key_ordinal INTEGER,
    partition_ordinal INTEGER);
CREATE TABLE "sys.foreign_keys" (object_id INTEGER, name TEXT, parent_object_id INTEGER);
CREATE TABLE "sys.foreign_key_columns" (constraint_object_id INTEGER, constraint_column_id INTEGER,
    parent_object_id INTEGER, parent_column_id INTEGER, referenced_object_id INTEGER, referenced_column_id INTEGER);
CREATE TABLE "sys.extended_properties" (class INTEGER, major_id INTEGER, minor_id INTEGER, name TEXT, value TEXT);
CREATE TABLE "sys.sql_modules" (object_id INTEGER, definition TEXT);
CREATE TABLE "sys.partitions" (partition_id INTEGER, object_id INTEGER, index_id INTEGER, partition_number INTEGER,
    rows INTEGER);
CREATE TABLE "sys.allocation_units" (container_id INTEGER, used_pages INTEGER);
CREATE TABLE "sys.partition_schemes" (data_space_id INTEGER, function_id INTEGER);
CREATE TABLE "sys.partition_functions" (function_id INTEGER, name TEXT);
INSERT INTO "sys.partition_schemes" VALUES (65601, 65536);
INSERT INTO "sys.partition_functions" VALUES (65536, 'by hundreds');
CREATE TABLE "sys.dm_db_index_usage_stats" (object_id INTEGER, database_id INTEGER, user_seeks INTEGER,
    user_scans INTEGER, user_lookups INTEGER, user_updates INTEGER, last_user_seek TEXT, last_user_scan TEXT,
    last_user_update TEXT);
CREATE TABLE "sys.dm_os_sys_info" (sqlserver_start_time TEXT);
INSERT INTO "sys.dm_os_sys_info" VALUES ('2024-01-31 10:00:00');
