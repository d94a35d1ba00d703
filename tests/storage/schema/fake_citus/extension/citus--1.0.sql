-- What Portico calls of Citus, for a PostgreSQL of one node. The rows stay where they are: the calls
-- are recorded, and a call is refused where the real extension refuses it.

CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char" NOT NULL);
CREATE TABLE pg_dist_placement (shardid bigint PRIMARY KEY, groupid integer NOT NULL);
CREATE TABLE citus_calls (
    number bigserial PRIMARY KEY,
    call text NOT NULL,
    statement_timeout text NOT NULL DEFAULT current_setting('statement_timeout')
);
INSERT INTO pg_dist_placement VALUES (102008, 1), (102009, 2);

CREATE FUNCTION require_distributed_references(distributed regclass) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE missing regclass;
BEGIN
    SELECT confrelid INTO missing FROM pg_constraint
    WHERE conrelid = distributed AND contype = 'f' AND confrelid <> distributed
    AND confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition);
    IF missing IS NOT NULL THEN
        RAISE 'referenced table "%" must be a distributed table or a reference table', missing;
    END IF;
END
$$;

CREATE FUNCTION create_distributed_table(
    table_name regclass, distribution_column text,
    colocate_with text DEFAULT 'default', shard_count integer DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    PERFORM require_distributed_references(table_name);
    INSERT INTO pg_dist_partition VALUES (table_name, 'h');
    INSERT INTO citus_calls (call) VALUES (
        format('distribute %s by %s with %s shards %s',
               table_name, distribution_column, colocate_with, shard_count));
END
$$;

CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    PERFORM require_distributed_references(table_name);
    INSERT INTO pg_dist_partition VALUES (table_name, 'n');
    INSERT INTO citus_calls (call) VALUES (format('reference %s', table_name));
END
$$;

CREATE FUNCTION undistribute_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    DELETE FROM pg_dist_partition WHERE logicalrelid = table_name;
    IF NOT FOUND THEN
        RAISE 'cannot undistribute table "%" because it is not distributed', table_name;
    END IF;
    INSERT INTO citus_calls (call) VALUES (format('undistribute %s', table_name));
END
$$;

CREATE FUNCTION truncate_local_data_after_distributing_table(table_name regclass) RETURNS void
LANGUAGE plpgsql AS
$$
BEGIN
    IF table_name NOT IN (SELECT logicalrelid FROM pg_dist_partition) THEN
        RAISE 'supplied parameter is not a distributed relation';
    END IF;
    IF EXISTS (SELECT 1 FROM pg_constraint WHERE confrelid = table_name AND contype = 'f'
               AND conrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)) THEN
        RAISE 'cannot truncate a table referenced in a foreign key constraint by a local table';
    END IF;
    INSERT INTO citus_calls (call) VALUES (format('truncate local %s', table_name));
END
$$;

CREATE FUNCTION get_shard_id_for_distribution_column(table_name regclass, value bigint)
RETURNS bigint LANGUAGE sql AS 'SELECT 102008 + value % 2';
