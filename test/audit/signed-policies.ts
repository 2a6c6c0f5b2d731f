// Written by fixtures/policy/sign.py.
export const KEYS = {
  ed25519:
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPRq+o+B/o+b1Lpz9R7hg+jjOEz4tfZJ/w91V6CKAdPQ=\n-----END PUBLIC KEY-----\n',
  other:
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAYVhD4REuMexWJW/FWLvE5V5CPTU//JRgU8Xd3qMmWx0=\n-----END PUBLIC KEY-----\n',
  p256: '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDkRQ2ow0oxdHuUzCIekyQC8fTF7s\ndiLa1/HgpQM72n+OaDo9zVXrIrgRWOt2quybjdpQ0DpOTOHWdiR/povLuA==\n-----END PUBLIC KEY-----\n',
};
export const HASH = 'bc1de45bfa4006cb1695e194d9bdf6532af14e323de66a5bd13b146184b15d30';
export const GOOD = {
  ed25519: {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogInBsdWdpbiIsICJkaWdlc3QiOiB7InNoYTI1NiI6ICJiYzFkZTQ1YmZhNDAwNmNiMTY5NWUxOTRkOWJkZjY1MzJhZjE0ZTMyM2RlNjZhNWJkMTNiMTQ2MTg0YjE1ZDMwIn19XSwgInByZWRpY2F0ZVR5cGUiOiAidXJuOnBsdWdib2FyZDpwb2xpY3k6MSIsICJwcmVkaWNhdGUiOiB7InZlcnNpb24iOiAxLCAic2VxdWVuY2UiOiA3LCAiZXhwaXJlcyI6ICIyMDMwLTAxLTAxIiwgInBsdWdpbnMiOiBbeyJuYW1lIjogInBsdWdpbiIsICJncmFudHMiOiBbeyJoYXNoIjogImJjMWRlNDViZmE0MDA2Y2IxNjk1ZTE5NGQ5YmRmNjUzMmFmMTRlMzIzZGU2NmE1YmQxM2IxNDYxODRiMTVkMzAiLCAicmVhc29uIjogInJldmlld2VkOiDDpCJ9XX1dfX0=',
    signatures: [
      {
        keyid: 'k',
        sig: '3TIrTxWMthTnODrvKD4uCIe1vDFANK2GFGBoaXT/Ys+NoBm5AGbyo5TkNXvyrxz6j8ZHTSNIURQptmmd0ECfBQ==',
      },
    ],
  },
  p256: {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogInBsdWdpbiIsICJkaWdlc3QiOiB7InNoYTI1NiI6ICJiYzFkZTQ1YmZhNDAwNmNiMTY5NWUxOTRkOWJkZjY1MzJhZjE0ZTMyM2RlNjZhNWJkMTNiMTQ2MTg0YjE1ZDMwIn19XSwgInByZWRpY2F0ZVR5cGUiOiAidXJuOnBsdWdib2FyZDpwb2xpY3k6MSIsICJwcmVkaWNhdGUiOiB7InZlcnNpb24iOiAxLCAic2VxdWVuY2UiOiA3LCAiZXhwaXJlcyI6ICIyMDMwLTAxLTAxIiwgInBsdWdpbnMiOiBbeyJuYW1lIjogInBsdWdpbiIsICJncmFudHMiOiBbeyJoYXNoIjogImJjMWRlNDViZmE0MDA2Y2IxNjk1ZTE5NGQ5YmRmNjUzMmFmMTRlMzIzZGU2NmE1YmQxM2IxNDYxODRiMTVkMzAiLCAicmVhc29uIjogInJldmlld2VkOiDDpCJ9XX1dfX0=',
    signatures: [
      {
        keyid: 'k',
        sig: 'MEQCIEXQYcb6kBPiQoqOiMRHTzMOh+wCQnNVi74jcoYZeNzoAiBnx2Sv7VRB2SkeMokIIpGvZXPBFfXpYry3yWCOkabxTw==',
      },
    ],
  },
};
export const BAD = {
  'a statement of another type': {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YwLjEiLCAic3ViamVjdCI6IFt7Im5hbWUiOiAicGx1Z2luIiwgImRpZ2VzdCI6IHsic2hhMjU2IjogImJjMWRlNDViZmE0MDA2Y2IxNjk1ZTE5NGQ5YmRmNjUzMmFmMTRlMzIzZGU2NmE1YmQxM2IxNDYxODRiMTVkMzAifX1dLCAicHJlZGljYXRlVHlwZSI6ICJ1cm46cGx1Z2JvYXJkOnBvbGljeToxIiwgInByZWRpY2F0ZSI6IHsidmVyc2lvbiI6IDEsICJzZXF1ZW5jZSI6IDcsICJleHBpcmVzIjogIjIwMzAtMDEtMDEiLCAicGx1Z2lucyI6IFt7Im5hbWUiOiAicGx1Z2luIiwgImdyYW50cyI6IFt7Imhhc2giOiAiYmMxZGU0NWJmYTQwMDZjYjE2OTVlMTk0ZDliZGY2NTMyYWYxNGUzMjNkZTY2YTViZDEzYjE0NjE4NGIxNWQzMCIsICJyZWFzb24iOiAicmV2aWV3ZWQ6IMOkIn1dfV19fQ==',
    signatures: [
      {
        keyid: 'k',
        sig: 'NrzU0lUzy0rSxjs6zE5CKwZY9VA+lfNgAOKqqT4J+O9ImmyIcwKU9SR885kCUF2dTOrD8dHfYH+gpTPQ7YrYBg==',
      },
    ],
  },
  'a predicate of another type': {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogInBsdWdpbiIsICJkaWdlc3QiOiB7InNoYTI1NiI6ICJiYzFkZTQ1YmZhNDAwNmNiMTY5NWUxOTRkOWJkZjY1MzJhZjE0ZTMyM2RlNjZhNWJkMTNiMTQ2MTg0YjE1ZDMwIn19XSwgInByZWRpY2F0ZVR5cGUiOiAiaHR0cHM6Ly9zbHNhLmRldi9wcm92ZW5hbmNlL3YxIiwgInByZWRpY2F0ZSI6IHsidmVyc2lvbiI6IDEsICJzZXF1ZW5jZSI6IDcsICJleHBpcmVzIjogIjIwMzAtMDEtMDEiLCAicGx1Z2lucyI6IFt7Im5hbWUiOiAicGx1Z2luIiwgImdyYW50cyI6IFt7Imhhc2giOiAiYmMxZGU0NWJmYTQwMDZjYjE2OTVlMTk0ZDliZGY2NTMyYWYxNGUzMjNkZTY2YTViZDEzYjE0NjE4NGIxNWQzMCIsICJyZWFzb24iOiAicmV2aWV3ZWQ6IMOkIn1dfV19fQ==',
    signatures: [
      {
        keyid: 'k',
        sig: 'mIhAVzbRN134NvQDacAzsVM6Fd9L/M70iLlS2IigVrM5wm2vSNqAU/uWFthb975C3/JtA0KmdY2w/6HafTNbBA==',
      },
    ],
  },
  'a payload of another type': {
    payloadType: 'text/plain',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogInBsdWdpbiIsICJkaWdlc3QiOiB7InNoYTI1NiI6ICJiYzFkZTQ1YmZhNDAwNmNiMTY5NWUxOTRkOWJkZjY1MzJhZjE0ZTMyM2RlNjZhNWJkMTNiMTQ2MTg0YjE1ZDMwIn19XSwgInByZWRpY2F0ZVR5cGUiOiAidXJuOnBsdWdib2FyZDpwb2xpY3k6MSIsICJwcmVkaWNhdGUiOiB7InZlcnNpb24iOiAxLCAic2VxdWVuY2UiOiA3LCAiZXhwaXJlcyI6ICIyMDMwLTAxLTAxIiwgInBsdWdpbnMiOiBbeyJuYW1lIjogInBsdWdpbiIsICJncmFudHMiOiBbeyJoYXNoIjogImJjMWRlNDViZmE0MDA2Y2IxNjk1ZTE5NGQ5YmRmNjUzMmFmMTRlMzIzZGU2NmE1YmQxM2IxNDYxODRiMTVkMzAiLCAicmVhc29uIjogInJldmlld2VkOiDDpCJ9XX1dfX0=',
    signatures: [
      {
        keyid: 'k',
        sig: 'pGcb4dlOesaQQqFDIbHWzj+OjO5TOBgbBgbe4rLlRaFYBe4jPgVOPIlXuq/vmac57Ov93r+kpSVtjGh6/hVfBQ==',
      },
    ],
  },
  'a payload whose type was changed after it was signed': {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogInBsdWdpbiIsICJkaWdlc3QiOiB7InNoYTI1NiI6ICJiYzFkZTQ1YmZhNDAwNmNiMTY5NWUxOTRkOWJkZjY1MzJhZjE0ZTMyM2RlNjZhNWJkMTNiMTQ2MTg0YjE1ZDMwIn19XSwgInByZWRpY2F0ZVR5cGUiOiAidXJuOnBsdWdib2FyZDpwb2xpY3k6MSIsICJwcmVkaWNhdGUiOiB7InZlcnNpb24iOiAxLCAic2VxdWVuY2UiOiA3LCAiZXhwaXJlcyI6ICIyMDMwLTAxLTAxIiwgInBsdWdpbnMiOiBbeyJuYW1lIjogInBsdWdpbiIsICJncmFudHMiOiBbeyJoYXNoIjogImJjMWRlNDViZmE0MDA2Y2IxNjk1ZTE5NGQ5YmRmNjUzMmFmMTRlMzIzZGU2NmE1YmQxM2IxNDYxODRiMTVkMzAiLCAicmVhc29uIjogInJldmlld2VkOiDDpCJ9XX1dfX0=',
    signatures: [
      {
        keyid: 'k',
        sig: 'pGcb4dlOesaQQqFDIbHWzj+OjO5TOBgbBgbe4rLlRaFYBe4jPgVOPIlXuq/vmac57Ov93r+kpSVtjGh6/hVfBQ==',
      },
    ],
  },
  'another subject': {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogIngiLCAiZGlnZXN0IjogeyJzaGEyNTYiOiAiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCJ9fV0sICJwcmVkaWNhdGVUeXBlIjogInVybjpwbHVnYm9hcmQ6cG9saWN5OjEiLCAicHJlZGljYXRlIjogeyJ2ZXJzaW9uIjogMSwgInNlcXVlbmNlIjogNywgImV4cGlyZXMiOiAiMjAzMC0wMS0wMSIsICJwbHVnaW5zIjogW3sibmFtZSI6ICJwbHVnaW4iLCAiZ3JhbnRzIjogW3siaGFzaCI6ICJiYzFkZTQ1YmZhNDAwNmNiMTY5NWUxOTRkOWJkZjY1MzJhZjE0ZTMyM2RlNjZhNWJkMTNiMTQ2MTg0YjE1ZDMwIiwgInJlYXNvbiI6ICJyZXZpZXdlZDogw6QifV19XX19',
    signatures: [
      {
        keyid: 'k',
        sig: 'AA3Ym7f/INij1aLXzFZoiK9iL1H2gAwaBD44EteRbUEzjM2Fun9Ca9Twl9hGw/ZwepNh8Boc/BX8X4nhEUuNAw==',
      },
    ],
  },
  'no subject': {
    payloadType: 'application/vnd.in-toto+json',
    payload:
      'eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbXSwgInByZWRpY2F0ZVR5cGUiOiAidXJuOnBsdWdib2FyZDpwb2xpY3k6MSIsICJwcmVkaWNhdGUiOiB7InZlcnNpb24iOiAxLCAic2VxdWVuY2UiOiA3LCAiZXhwaXJlcyI6ICIyMDMwLTAxLTAxIiwgInBsdWdpbnMiOiBbeyJuYW1lIjogInBsdWdpbiIsICJncmFudHMiOiBbeyJoYXNoIjogImJjMWRlNDViZmE0MDA2Y2IxNjk1ZTE5NGQ5YmRmNjUzMmFmMTRlMzIzZGU2NmE1YmQxM2IxNDYxODRiMTVkMzAiLCAicmVhc29uIjogInJldmlld2VkOiDDpCJ9XX1dfX0=',
    signatures: [
      {
        keyid: 'k',
        sig: 'mzUS2N5U/fIDB/DVCjUFMwntGvCAQJ5uEbKe8KQv2E4Iy7xpTkLxnSKVBPG508Y6clKFVtRuabyw4xwiX4oxCQ==',
      },
    ],
  },
  'a payload that is not JSON': {
    payloadType: 'application/vnd.in-toto+json',
    payload: 'ew==',
    signatures: [
      {
        keyid: 'k',
        sig: 'nPhpszSJwz5XA9qUazMn9+gHSnEUNYqVX+XVXxvzZiUk5uoh7TIVI8X0TrhJBG8ZLAGEj+od7ke6wIaxfNT1Cw==',
      },
    ],
  },
  'a payload that is not UTF-8': {
    payloadType: 'application/vnd.in-toto+json',
    payload: '//4=',
    signatures: [
      {
        keyid: 'k',
        sig: 'W/jLI/Zzf57SXvo4hdeC67s0aRN3q7H0cnk7pzqeo4pePCUemVK1BP3GFrKl7HV/aY0Gbwc2UUVAQfvN7OlOBQ==',
      },
    ],
  },
};
