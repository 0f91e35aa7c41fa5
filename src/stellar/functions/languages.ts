/** The language tags whose rules of case are known: those of ISO 639-1 in use, and with a country where the JDK has one. */
export const LANGUAGES: readonly string[] = `
  af ak am ar ar-AE ar-BH ar-DZ ar-EG ar-IQ ar-JO ar-KW ar-LB ar-LY ar-MA ar-OM ar-QA ar-SA ar-SD
  ar-SY ar-TN ar-YE as az be be-BY bg bg-BG bm bn bo br bs ca ca-ES cs cs-CZ cy da da-DK de de-AT
  de-CH de-DE de-GR de-LU dz ee el el-CY el-GR en en-AU en-CA en-GB en-IE en-IN en-MT en-NZ en-PH
  en-SG en-US en-ZA eo es es-AR es-BO es-CL es-CO es-CR es-CU es-DO es-EC es-ES es-GT es-HN es-MX
  es-NI es-PA es-PE es-PR es-PY es-SV es-US es-UY es-VE et et-EE eu fa ff fi fi-FI fo fr fr-BE fr-CA
  fr-CH fr-FR fr-LU fy ga ga-IE gd gl gu gv ha he he-IL hi hi-IN hr hr-HR hu hu-HU hy ia id id-ID ig
  ii in is is-IS it it-CH it-IT iw ja ja-JP ka ki kk kl km kn ko ko-KR ks kw ky lb lg ln lo lt lt-LT
  lu lv lv-LV mg mk mk-MK ml mn mr ms ms-MY mt mt-MT my nb nb-NO nd ne nl nl-BE nl-NL nn nn-NO no
  no-NO om or os pa pl pl-PL ps pt pt-BR pt-PT qu rm rn ro ro-RO ru ru-RU rw se sg sh si sk sk-SK sl
  sl-SI sn so sq sq-AL sr sr-BA sr-CS sr-Latn sr-Latn-BA sr-Latn-ME sr-Latn-RS sr-ME sr-RS sv sv-SE sw
  ta te th th-TH ti tl to tr tr-TR ug uk uk-UA ur uz vi vi-VN yi yo zh zh-CN zh-HK zh-SG zh-TW zu
`
  .trim()
  .split(/\s+/);
