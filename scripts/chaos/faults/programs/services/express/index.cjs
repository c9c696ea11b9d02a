// An Express app in CommonJS.
const express = require('express');
const { answer } = require('../../lib/conduct.cjs');

const app = express();
app.use(answer);
module.exports = app;
