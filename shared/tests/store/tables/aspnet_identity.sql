-- ASP.NET Core Identity: capital letters, normalized copies, a lock that ends.
CREATE TABLE "AspNetRoles" ("Id" text NOT NULL PRIMARY KEY, "Name" character varying(256));
CREATE TABLE "AspNetUsers" (
    "Id" text NOT NULL PRIMARY KEY,
    "UserName" character varying(256),
    "NormalizedUserName" character varying(256),
    "Email" character varying(256),
    "NormalizedEmail" character varying(256),
    "EmailConfirmed" boolean NOT NULL,
    "PasswordHash" text,
    "SecurityStamp" text,
    "ConcurrencyStamp" text,
    "PhoneNumber" text,
    "PhoneNumberConfirmed" boolean NOT NULL,
    "TwoFactorEnabled" boolean NOT NULL,
    "LockoutEnd" timestamp with time zone,
    "LockoutEnabled" boolean NOT NULL,
    "AccessFailedCount" integer NOT NULL
);
CREATE INDEX "EmailIndex" ON "AspNetUsers" ("NormalizedEmail");
CREATE UNIQUE INDEX "UserNameIndex" ON "AspNetUsers" ("NormalizedUserName");
CREATE TABLE "AspNetUserRoles" (
    "UserId" text NOT NULL REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE,
    "RoleId" text NOT NULL REFERENCES "AspNetRoles" ("Id") ON DELETE CASCADE,
    PRIMARY KEY ("UserId", "RoleId")
);
CREATE TABLE "AspNetUserClaims" ("Id" integer PRIMARY KEY, "UserId" text NOT NULL REFERENCES "AspNetUsers" ("Id"), "ClaimType" text);
INSERT INTO "AspNetUsers" VALUES
    ('0f8fad5b-d9cb-469f-a165-70867728950e', 'Ann', 'ANN', 'Ann@x.example', 'ANN@X.EXAMPLE', TRUE, 'AQAAAAIAAYagAAAAEDAxMjM0NTY3ODlhYmNkZWYL504WkqoV4jNQA1TdldmQ8M9M+JM4baiy4qI0pStIVQ==', 's', 'c', NULL, FALSE, FALSE, NULL, TRUE, 0),
    ('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'Bob', 'BOB', 'Bob@x.example', 'BOB@X.EXAMPLE', TRUE, NULL, 's', 'c', NULL, FALSE, FALSE, '9999-12-31', TRUE, 0),
    ('7c9e6679-7425-40de-944b-e07fc1f90ae8', 'Cat', 'CAT', 'Cat@x.example', 'CAT@X.EXAMPLE', TRUE, NULL, 's', 'c', NULL, FALSE, FALSE, '2026-01-01', TRUE, 2);
