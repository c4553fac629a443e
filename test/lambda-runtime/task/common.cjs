exports.handler = async () => 'from CommonJS';
