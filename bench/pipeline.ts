export const pipeline = async () => {};
