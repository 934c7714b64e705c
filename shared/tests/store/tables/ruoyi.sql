-- RuoYi: flags as char(1), where a deleted row has '2' and a status of '0' is active, which nothing but a comment says.
CREATE TABLE sys_user (
    user_id bigserial PRIMARY KEY,
    dept_id bigint DEFAULT NULL,
    user_name varchar(30) NOT NULL,
    nick_name varchar(30) NOT NULL,
    user_type varchar(2) DEFAULT '00',
    email varchar(50) DEFAULT '',
    phonenumber varchar(11) DEFAULT '',
    sex char(1) DEFAULT '0',
    password varchar(100) DEFAULT '',
    status char(1) DEFAULT '0',
    del_flag char(1) DEFAULT '0',
    create_time timestamp,
    update_time timestamp
);
INSERT INTO sys_user (user_name, nick_name, email, password, status, del_flag, create_time) VALUES
    ('admin', '若依', 'admin@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '0', '0', '2026-01-01'),
    ('ry', '若依', '', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '0', '', '2026-01-02'),
    ('off', '停', 'off@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '1', NULL, '2026-01-03'),
    ('gone', '删', 'gone@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '0', '2', '2026-01-04');
