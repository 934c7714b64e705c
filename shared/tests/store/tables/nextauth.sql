-- NextAuth with Prisma: "User" in camel case, no password, text ids, an address that may be missing.
CREATE TABLE "User" (
    id text NOT NULL PRIMARY KEY,
    name text,
    email text,
    "emailVerified" timestamp(3) without time zone,
    image text
);
CREATE UNIQUE INDEX "User_email_key" ON "User" (email);
CREATE TABLE "Account" (id text PRIMARY KEY, "userId" text NOT NULL REFERENCES "User" (id) ON DELETE CASCADE, provider text NOT NULL, "providerAccountId" text NOT NULL);
CREATE TABLE "Session" (id text PRIMARY KEY, "sessionToken" text NOT NULL UNIQUE, "userId" text NOT NULL REFERENCES "User" (id) ON DELETE CASCADE, expires timestamp(3) NOT NULL);
INSERT INTO "User" (id, name, email) VALUES ('clx1', 'Ann', 'a@x.example'), ('clx2', NULL, NULL);
