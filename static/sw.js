// The service worker, served at /sw.js so that the whole site is in its scope. Each of its tasks is a script of its own.

importScripts("/static/js/worker/push.js");
