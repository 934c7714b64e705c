// Runs every journey, one after the other: they share a browser and the API.
import { after } from "node:test";
import { close } from "./browser.js";
import "./signin.js";
import "./users.js";
import "./user.js";
import "./dashboard.js";
import "./audit.js";
import "./bulk.js";
import "./import.js";
import "./adopted.js";
import "./oidc.js";
import "./figures.js";

after(close);
