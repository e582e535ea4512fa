// Where the API stands at the listener of the console.

export const API_PATH = '/api/v1';
