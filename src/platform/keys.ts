/** Keys stand in URLs, ids and commands: letters, digits and . _ - */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export const isKey = (text: string): boolean => KEY.test(text);
