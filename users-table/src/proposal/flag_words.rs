//! What people call columns, and values, that say whether users are active, administrators or deleted.

pub(super) const ACTIVE: &[&str] = &[
    "isactive",
    "active",
    "isenabled",
    "enabled",
    "activated",
    "isactivated",
    "activeflag",
    "actif",
    "aktiv",
    "activo",
];

pub(super) const INACTIVE: &[&str] = &[
    "disabled",
    "isdisabled",
    "banned",
    "isbanned",
    "blocked",
    "isblocked",
    "suspended",
    "issuspended",
    "inactive",
    "isinactive",
    "deactivated",
    "isdeactivated",
    "locked",
    "islocked",
    "accountlocked",
    "lockedout",
    "islockedout",
    "archived",
    "isarchived",
    "frozen",
    "isfrozen",
];

pub(super) const INACTIVE_SINCE: &[&str] = &[
    "disabledat",
    "disabledon",
    "blockedat",
    "bannedat",
    "suspendedat",
    "deactivatedat",
    "lockedat",
    "archivedat",
    "inactivatedat",
    "frozenat",
    "disableddate",
    "deactivateddate",
    "suspendedon",
    "deactivatedon",
];

pub(super) const INACTIVE_UNTIL: &[&str] = &[
    "banneduntil",
    "lockeduntil",
    "lockoutend",
    "lockoutenddateutc",
    "suspendeduntil",
    "suspendedtill",
    "blockeduntil",
    "bannedtill",
    "lockuntil",
    "banexpires",
    "banexpiresat",
];

pub(super) const STATUS: &[&str] = &[
    "status",
    "state",
    "userstatus",
    "userstate",
    "accountstatus",
    "accountstate",
    "activationstatus",
];

/// Values of a status that mean that the user may do everything.
pub(super) const ACTIVE_STATUS: &[&str] = &[
    "active",
    "enabled",
    "activated",
    "act",
    "normal",
    "open",
    "ok",
    "valid",
    "live",
    "a",
];

/// Values of a status that mean that the user was shut out, the plainest first.
pub(super) const INACTIVE_STATUS: &[&str] = &[
    "inactive",
    "disabled",
    "deactivated",
    "suspended",
    "blocked",
    "banned",
    "locked",
    "archived",
    "closed",
    "off",
    "i",
    "d",
];

pub(super) const SUPERUSER: &[&str] = &[
    "issuperuser",
    "superuser",
    "issuperadmin",
    "superadmin",
    "isadmin",
    "admin",
    "isadministrator",
    "administrator",
    "sysadmin",
    "issysadmin",
    "isroot",
    "siteadmin",
    "issiteadmin",
    "adminflag",
    "isstaff",
    "staff",
];

pub(super) const ROLE: &[&str] = &[
    "role",
    "userrole",
    "globalrole",
    "rolename",
    "roles",
    "systemrole",
    "accessrole",
    "roletype",
    "usertype",
    "roleslug",
    "accountrole",
    "userroles",
    "grouprole",
    "accesslevel",
    "permissionlevel",
];

/// Values of a role that mean the right to administrate users, the highest first.
pub(super) const ADMIN_ROLE: &[&str] = &[
    "superadmin",
    "superadministrator",
    "superuser",
    "rolesuperadmin",
    "globalowner",
    "globaladmin",
    "admin",
    "administrator",
    "roleadmin",
    "sysadmin",
    "systemadmin",
    "owner",
    "root",
];

/// Values of a role that mean no right over others, the plainest first.
pub(super) const PLAIN_ROLE: &[&str] = &[
    "user",
    "member",
    "roleuser",
    "globalmember",
    "customer",
    "viewer",
    "basic",
    "regular",
    "standard",
    "guest",
    "employee",
];

pub(super) const DELETED: &[&str] = &[
    "deletedat",
    "isdeleted",
    "deleted",
    "deletedon",
    "datedeleted",
    "deleteddate",
    "deletetime",
    "deletiontime",
    "removedat",
    "isremoved",
    "softdeleted",
    "trashedat",
    "deleteflag",
    "delflag",
    "deletedtime",
];
