import { changeDescription, readComponent } from './catalogFile';

const group = `apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: web
spec:
  type: team
  children: []
`;
const component = `# Of the shop.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: web-shop
  description: The shop
spec:
  type: website # for now
`;

describe('a catalog file', () => {
  it('is changed in the description of its component alone', () => {
    expect(changeDescription(component, 'All: of it')).toBe(
      component.replace('The shop', '"All: of it"'),
    );
  });

  it('may have other entities before the component', () => {
    const text = `${group}---\n${component}`;

    expect(readComponent(text)).toEqual({
      name: 'web-shop',
      description: 'The shop',
    });
    expect(changeDescription(text, 'Everything')).toBe(
      text.replace('The shop', 'Everything'),
    );
  });

  it('without a component has no description to change', () => {
    expect(() => changeDescription(group, 'x')).toThrow(
      'The catalog file describes no component; choose another repository',
    );
  });
});
