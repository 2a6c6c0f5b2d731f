// A dependency in CommonJS.
module.exports = require('plugboard');
