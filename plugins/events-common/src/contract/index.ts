export * from './AsyncApiDocument';
export * from './document.generated';
export * from './messages.generated';
