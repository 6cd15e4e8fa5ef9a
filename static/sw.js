// The service worker, served at /sw.js so that the whole site is in its scope. Each of its tasks is a script of its own;
// which, and what it keeps, the server writes before this line as BUILT (apps/offline/shell.py).

importScripts(...BUILT.parts);
