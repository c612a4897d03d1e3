export * from './readHandlingSettings';
export * from './SettingsReader';
