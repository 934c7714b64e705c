-- An application in Spanish: the state and the role are words of a CHECK.
CREATE TABLE usuarios (
    id bigserial PRIMARY KEY,
    correo_electronico varchar(200) NOT NULL UNIQUE,
    nombre_completo varchar(120),
    estado varchar(20) NOT NULL DEFAULT 'activo' CHECK (estado IN ('activo', 'inactivo', 'bloqueado')),
    rol varchar(20) NOT NULL DEFAULT 'usuario' CHECK (rol IN ('usuario', 'administrador')),
    fecha_creacion timestamptz NOT NULL DEFAULT now(),
    fecha_actualizacion timestamptz
);
INSERT INTO usuarios (correo_electronico, nombre_completo, estado, rol) VALUES
    ('ana@es.example', 'Ana Núñez', 'activo', 'administrador'),
    ('luis@es.example', 'Luis Peña', 'activo', 'usuario'),
    ('eva@es.example', NULL, 'bloqueado', 'usuario');
