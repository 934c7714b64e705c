-- A Korean application: user_id is the name to log in with, and flags are Y and N, as an enum and as char(1).
CREATE TYPE yn AS ENUM ('Y', 'N');
CREATE TABLE tb_user (
    user_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id varchar(30) NOT NULL UNIQUE,
    user_pw varchar(100) NOT NULL,
    user_nm varchar(50) NOT NULL,
    user_email varchar(100),
    admin_yn yn NOT NULL DEFAULT 'N',
    use_yn yn NOT NULL DEFAULT 'Y',
    lock_yn char(1) NOT NULL DEFAULT 'N',
    del_yn yn NOT NULL,
    reg_dt timestamp NOT NULL DEFAULT now(),
    mod_dt timestamp
);
INSERT INTO tb_user (user_id, user_pw, user_nm, user_email, admin_yn, use_yn, lock_yn, del_yn) VALUES
    ('hong', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '홍길동', 'hong@x.example', 'Y', 'Y', 'N', 'N'), ('kim', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '김', 'kim@x.example', 'N', 'N', 'N', 'N'),
    ('lee', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '이', '', 'N', 'Y', 'Y', 'N'), ('gone', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '간', 'gone@x.example', 'N', 'Y', 'N', 'Y');
