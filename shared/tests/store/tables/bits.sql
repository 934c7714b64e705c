-- Flags as bit(1), as a copy of a table of another server has them.
CREATE TABLE tbl_members (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(100) NOT NULL UNIQUE,
    nama varchar(100),
    pass varchar(100),
    estado bit(1) NOT NULL DEFAULT B'1',
    is_admin bit(1) DEFAULT B'0',
    is_deleted bit(1) NOT NULL DEFAULT B'0'
);
INSERT INTO tbl_members (email, nama, pass, estado, is_admin, is_deleted) VALUES
    ('a@x.example', 'A', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', B'1', B'1', B'0'), ('b@x.example', 'B', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', B'0', NULL, B'0'),
    ('c@x.example', 'C', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', B'1', B'0', B'0'), ('d@x.example', 'D', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', B'1', B'0', B'1');
